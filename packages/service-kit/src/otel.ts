/**
 * Preload: `node --import @suanli/service-kit/otel src/main.ts`. Costs nothing unless OTEL_EXPORTER_OTLP_ENDPOINT is set;
 * when it is, every request costs more than half as much CPU again, whatever share of them is sampled.
 */
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  // The hooks come first: modules that are loaded before them cannot be instrumented.
  const { register } = await import('import-in-the-middle/register-hooks.mjs');
  register();
  const { startTelemetry } = await import('./telemetry/start-telemetry.ts');
  startTelemetry(process.env);
}
