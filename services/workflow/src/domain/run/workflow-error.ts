import { isObject, type Json } from '../json.ts';
import { MAX_DETAIL_CHARS } from '../limits.ts';

/** A fault in the language's own form (RFC 9457): what `catch` sees and what a run that faulted shows. */
export type WorkflowError = {
  type: string;
  status: number;
  title: string;
  detail?: string;
  /** JSON pointer of the task that raised it. */
  instance?: string;
};

const STANDARD = 'https://serverlessworkflow.io/spec/1.0.0/errors';
const OWN = 'https://suanli.dev/errors/workflow';

export const faults = {
  expression: (detail: string) => standard('expression', 400, 'Expression Error', detail),
  validation: (detail: string) => standard('validation', 400, 'Validation Error', detail),
  configuration: (detail: string) => standard('configuration', 400, 'Configuration Error', detail),
  timeout: (detail: string) => standard('timeout', 408, 'Timeout Error', detail),
  communication: (status: number, detail: string) => standard('communication', status, 'Communication Error', detail),
  runtime: (detail: string) => standard('runtime', 500, 'Runtime Error', detail),
  /** A bound of the engine was reached. */
  limit: (detail: string) => fault(`${OWN}/limit`, 422, 'Limit Reached', detail),
  /** A person said no. */
  rejected: (detail: string) => fault(`${OWN}/rejected`, 403, 'Rejected', detail),
  insufficientFunds: (detail: string) => fault(`${OWN}/insufficient-funds`, 402, 'Insufficient Funds', detail),
};

function standard(name: string, status: number, title: string, detail: string): WorkflowError {
  return fault(`${STANDARD}/${name}`, status, title, detail);
}

function fault(type: string, status: number, title: string, detail: string): WorkflowError {
  return { type, status, title, detail: bounded(detail) };
}

/** Reads what `raise` evaluated to. */
export function readRaised(value: Json, instance: string): WorkflowError {
  if (!isObject(value) || typeof value['type'] !== 'string' || !Number.isInteger(value['status'])) {
    return { ...faults.configuration('the raised error has no type and status'), instance };
  }
  const text = (key: string) => (typeof value[key] === 'string' ? bounded(value[key]) : undefined);
  const [title, detail] = [text('title'), text('detail')];
  return {
    type: bounded(value['type']),
    status: Number(value['status']),
    title: title ?? 'Error',
    ...(detail !== undefined && { detail }),
    instance: text('instance') ?? instance,
  };
}

/** `…/errors/timeout` is `timeout`: the stable code in reasons. */
export function codeOf(error: WorkflowError): string {
  const last = error.type.split('/').at(-1) ?? '';
  return /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(last) ? last.toLowerCase().replaceAll('-', '_') : 'error';
}

/** Texts that leave the engine in reasons and events: of bounded length, and without U+0000, which SQL text lacks. */
function bounded(text: string): string {
  return text.replaceAll('\u0000', '').slice(0, MAX_DETAIL_CHARS);
}
