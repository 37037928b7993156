// Runs as a tenant's task and looks for whatever is not its own. What it finds is told by hash, so that the test can
// compare it with the platform's secrets without putting them into the task.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';

const MAX_FILE_BYTES = 4_000_000;
/** The machine's programs, as they came from its vendor; devices; the kernel. Processes are read by themselves. */
const NOT_WALKED = new Set(['/usr', '/proc', '/sys', '/dev', '/opt/node']);
const WORD = /[A-Za-z0-9_+/=-]{12,}/g;

const found = new Set();
const files = [];
const look = (text) => {
  for (const [word] of text.matchAll(WORD)) {
    for (const part of [word, ...word.split('=')]) found.add(createHash('sha256').update(part).digest('hex'));
  }
};
const tryTo = (act) => {
  try {
    return act();
  } catch (error) {
    return error.code ?? 'failed';
  }
};

function walk(directory) {
  const names = tryTo(() => readdirSync(directory, { withFileTypes: true }));
  for (const entry of Array.isArray(names) ? names : []) {
    const path = `${directory === '/' ? '' : directory}/${entry.name}`;
    if (NOT_WALKED.has(path)) continue;
    if (entry.isDirectory()) walk(path);
    else if (entry.isFile() && statSync(path).size < MAX_FILE_BYTES) {
      files.push(path);
      const text = tryTo(() => readFileSync(path, 'latin1'));
      look(text);
    }
  }
}

const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
for (const pid of processes) {
  for (const file of ['environ', 'cmdline', 'mountinfo', 'cgroup']) {
    look(String(tryTo(() => readFileSync(`/proc/${pid}/${file}`, 'latin1'))));
  }
  tryTo(() => look(readlinkSync(`/proc/${pid}/root`)));
}
walk('/');
look(Object.values(process.env).join('\n'));

const reach = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    socket.once('connect', () => resolve('reached'));
    socket.once('timeout', () => resolve('timeout'));
    socket.once('error', (error) => resolve(error.code));
  });
const ask = (path) =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${process.env.SUANLI_API_KEY}` };
    const call = request({ socketPath: process.env.SUANLI_API_SOCKET, path, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode));
    });
    call.once('error', reject).end();
  });

const ports = process.argv.slice(2).map(Number);
console.log(
  JSON.stringify({
    uid: process.getuid(),
    environment: Object.keys(process.env).sort(),
    processes: processes.length,
    files,
    hashes: [...found],
    reached: (await Promise.all(ports.map(reach))).filter((how) => how === 'reached').length,
    writable: ['/etc/x', '/usr/x', '/x', '/opt/x'].filter((path) => tryTo(() => writeFileSync(path, '')) === undefined),
    hub: await ask('/v1/repositories'),
    wallet: await ask('/v1/wallet'),
    key: process.env.SUANLI_API_KEY,
  }),
);
