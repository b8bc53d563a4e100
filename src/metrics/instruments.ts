import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Seconds: from a local model's to that of one that thinks for minutes. */
const DURATIONS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640]
const FIRST_TOKENS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]
/** Seconds that the gateway itself takes. */
const OVERHEADS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** Labels of what a model did. Their values come from the configuration only: never a key, a session or a user. */
const MODEL = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const

/**
 * What is measured. The `gen_ai_*` names are OpenTelemetry's, as Prometheus writes them
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/).
 */
export interface Instruments {
  readonly tokens: Histogram<typeof MODEL[number] | 'gen_ai_token_type'>
  readonly durations: Histogram<typeof MODEL[number] | 'error_type'>
  readonly firstTokens: Histogram<typeof MODEL[number]>
  readonly overheads: Histogram
  readonly cost: Counter<'gen_ai_provider_name' | 'gen_ai_request_model'>
  readonly retries: Counter<'gen_ai_provider_name'>
  readonly fallbacks: Counter<'gen_ai_provider_name'>
  readonly dropped: Counter<'gen_ai_provider_name'>
}

export function createInstruments (register: Registry): Instruments {
  const registers = [register]
  return {
    tokens: new Histogram({ name: 'gen_ai_client_token_usage', help: 'Tokens of a try, by kind.', labelNames: [...MODEL, 'gen_ai_token_type'], buckets: TOKENS, registers }),
    durations: new Histogram({ name: 'gen_ai_client_operation_duration_seconds', help: 'How long a try took.', labelNames: [...MODEL, 'error_type'], buckets: DURATIONS, registers }),
    firstTokens: new Histogram({ name: 'gen_ai_server_time_to_first_token_seconds', help: 'How long a try took to its first content.', labelNames: [...MODEL], buckets: FIRST_TOKENS, registers }),
    overheads: new Histogram({ name: 'switchyard_overhead_seconds', help: 'From the head of a request to its first try: what the gateway takes itself, the receipt of the body included.', buckets: OVERHEADS, registers }),
    cost: new Counter({ name: 'switchyard_cost_dollars_total', help: 'What tries cost that have a price.', labelNames: ['gen_ai_provider_name', 'gen_ai_request_model'], registers }),
    retries: new Counter({ name: 'switchyard_retries_total', help: 'Tries of a target that was tried before for the same request.', labelNames: ['gen_ai_provider_name'], registers }),
    fallbacks: new Counter({ name: 'switchyard_fallbacks_total', help: 'Tries of a target after another one had failed.', labelNames: ['gen_ai_provider_name'], registers }),
    dropped: new Counter({ name: 'switchyard_dropped_fields_total', help: 'Request fields that a wire could not carry.', labelNames: ['gen_ai_provider_name'], registers })
  }
}

/** A figure that is asked for when someone looks. */
export function gauge (register: Registry, name: string, help: string, read: () => number): void {
  // eslint-disable-next-line no-new
  new Gauge({ name, help, registers: [register], collect () { this.set(read()) } })
}
