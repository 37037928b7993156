import type { Platform } from '../platform/start-platform.ts';
import type { Developer } from './developer.ts';

/** What a newcomer reads when the platform is up: where it is, with which key, and what to try next. */
export function welcome(platform: Pick<Platform, 'url' | 'grpc' | 'dir'>, developer: Developer): string {
  const { url, grpc, dir } = platform;
  const authorization = `-H 'Authorization: Bearer ${developer.apiKey}'`;
  const job = JSON.stringify({
    name: 'hello',
    command: ['sh', '-c', 'echo hello from $SUANLI_REGION; nproc'],
    milli_gpus: 1000,
  });
  return `
Suanli is running. Ctrl-C stops it.

  REST API     ${url}   (reference: ${url}/docs)
  gRPC         ${Object.entries(grpc)
    .map(([service, address]) => `${service} ${address}`)
    .join('\n               ')}
  API key      ${developer.apiKey}
  data, logs   ${dir}

Try next:

  curl -s ${url}/v1/wallet ${authorization}

  curl -s ${url}/v1/jobs ${authorization} -H 'Content-Type: application/json' -H "Idempotency-Key: $(date +%s%N)" \\
    -d '${job}'

  npm run smoke
`;
}
