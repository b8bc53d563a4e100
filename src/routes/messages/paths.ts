/**
 * What may stand before `/v1/messages`: nothing; what OpenRouter's and other gateways' addresses for Anthropic clients have
 * (`/api`, `/anthropic`); and `/api/v1`, since Anthropic's SDK adds its own `/v1` to a base URL that ends in one.
 */
export const PREFIXES = ['', '/api', '/anthropic', '/api/v1'] as const
