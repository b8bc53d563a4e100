import { type DestinationStream, type Logger, pino } from 'pino'

/**
 * The log: one JSON line per event. Headers and bodies are never given to it; should a secret stand
 * in an object that is logged all the same, it is blotted out.
 */
export function createLogger (output?: DestinationStream): Logger {
  return pino({
    redact: { paths: ['*.authorization', '*["x-api-key"]', '*["x-goog-api-key"]', '*.apiKey', '*.api_key', '*.APIKEY', 'req.headers'], censor: '[secret]' }
  }, output)
}
