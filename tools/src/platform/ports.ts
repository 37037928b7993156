import { choosePort, freePort, isPortFree } from '@suanli/local-servers';
import { readJson, writeJson } from '../json-file.ts';

/** Ports by name, the same from one start to the next as long as nobody else takes them. */
export type Ports = {
  get(name: string, preferred?: number): Promise<number>;
  save(): Promise<void>;
};

export async function openPorts(path: string): Promise<Ports> {
  const known = (await readJson<Record<string, number>>(path)) ?? {};
  const taken = new Set<number>();
  return {
    async get(name, preferred) {
      let port = await choose(known[name], preferred);
      while (taken.has(port)) port = await freePort(); // Nobody listens yet on those that we gave out before.
      taken.add(port);
      known[name] = port;
      return port;
    },
    save: () => writeJson(path, known),
  };
}

async function choose(known: number | undefined, preferred: number | undefined): Promise<number> {
  if (known !== undefined) return choosePort(known);
  return preferred !== undefined && (await isPortFree(preferred)) ? preferred : freePort();
}
