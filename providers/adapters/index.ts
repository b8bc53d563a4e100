import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { cleancache } from './cleancache.ts'
import { customparams } from './customparams.ts'
import { enhancetool } from './enhancetool.ts'
import { forcereasoning } from './forcereasoning.ts'
import { maxcompletiontokens, maxtoken } from './output-limit.ts'
import { reasoning } from './reasoning.ts'
import { sampling } from './sampling.ts'
import { streamoptions } from './streamoptions.ts'
import { cerebras, groq } from './strict-servers.ts'
import { tooluse } from './tooluse.ts'

/** The small changes that claude-code-router's users know by these names. */
async function adapters (app: FastifyInstance): Promise<void> {
  for (const adapter of [maxtoken, maxcompletiontokens, sampling, customparams, cleancache, streamoptions, reasoning, forcereasoning, tooluse, enhancetool, groq, cerebras]) app.transformers.addAdapter(adapter)
}

export default fp(adapters, { name: 'adapters', fastify: '5.x', dependencies: ['transformers'] })
