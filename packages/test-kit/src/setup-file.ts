import { once } from 'node:events';
import { connect } from 'node:net';
import { redisDatabase, redisUrl } from './provided.ts';

/** vitest's setupFiles of the integration project: empties this worker's Redis database before each test file. */
const url = new URL(redisUrl());
const socket = connect(Number(url.port), url.hostname);
await once(socket, 'connect');
const login = url.password === '' ? '' : `AUTH ${url.password}\r\n`;
socket.end(`${login}SELECT ${redisDatabase()}\r\nFLUSHDB\r\nQUIT\r\n`);
let answer = '';
for await (const chunk of socket) answer += String(chunk);
if (/^-/m.test(answer)) throw new Error(`Redis refused to empty a database: ${answer}`);
