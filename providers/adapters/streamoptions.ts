import type { AdapterFactory } from '../../src/provider.ts'
import { isJsonObject } from '../../src/wire/json.ts'

/** `streamoptions`: for pairs of users that do not ask for usage themselves. */
export const streamoptions: AdapterFactory = {
  name: 'streamoptions',
  description: 'Asks for token counts in streams (stream_options.include_usage).',
  wires: ['openai'],
  options: {},
  create: () => ({
    name: 'streamoptions',
    request (body) {
      if (body['stream'] !== true) return
      const given = isJsonObject(body['stream_options']) ? body['stream_options'] : {}
      body['stream_options'] = { ...given, include_usage: true }
    }
  })
}
