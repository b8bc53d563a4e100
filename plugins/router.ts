import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config/snapshot.ts'
import { type ApiError, invalidRequest } from '../src/errors.ts'
import type { Target } from '../src/provider.ts'
import type { Routed } from '../src/routed.ts'
import { Calibration } from '../src/routing/calibration.ts'
import { decide } from '../src/routing/decide.ts'
import { describe } from '../src/routing/describe.ts'
import { type Explanation, explain } from '../src/routing/explain.ts'
import type { Fitting } from '../src/routing/fit.ts'
import { namedTarget, ruleOf, withoutAlias } from '../src/routing/model-name.ts'
import { PromptSizes } from '../src/routing/prompt-sizes.ts'
import type { Router } from '../src/routing/router.ts'
import type { Given } from '../src/routing/rules.ts'
import type { Caller, RequestTraits } from '../src/routing/traits.ts'
import type { MessagesRequest, Usage } from '../src/wire/anthropic.ts'

declare module 'fastify' {
  interface FastifyInstance {
    router: {
      /** The rules that a client's requests go by. @throws {ApiError} for a profile that is not known */
      of (caller: Caller): Router
      /** Picks the targets of a request. @throws {ApiError} for a profile or, where strict, a model that is not known */
      route (body: MessagesRequest, caller: Caller, url: string): Routed | Promise<Routed>
      /** The same, with what every rule said. */
      explain (body: MessagesRequest, caller: Caller, url: string): Promise<Routed & { rules: Explanation[] }>
      /** Takes in what a target counted. */
      learn (traits: RequestTraits, target: Target, usage: Usage): void
      /** Takes in that a request was too long for a target, so that the next one of its conversation need not find out again. */
      outgrown (traits: RequestTraits, error: ApiError): void
      /** What a target will count for a request's prompt. */
      tokensFor (target: Target, traits: RequestTraits): number
    }
  }
}

/** What of a name is logged. */
const SHOWN = 200

/** The words that every provider's are translated into. */
const TOO_LONG = /^prompt is too long: (\d{1,9}) tokens/

/** The router of the profile that a request asks for, or that its key goes by. */
function routerOf ({ headers, profile }: Caller, { router, profiles }: Config): Router {
  const header = headers['x-router-profile']
  if (typeof header === 'string' && header !== '') {
    const chosen = profiles.get(header)
    if (chosen === undefined) throw invalidRequest(`x-router-profile: there is no profile ${header.slice(0, 100)}; there are ${[...profiles.keys()].join(', ') || 'none'}`)
    return chosen
  }
  return (profile !== undefined && profiles.get(profile)) || router
}

function isNamed (model: string, { find, ofVendor }: Router): boolean {
  return ruleOf(model) !== undefined || namedTarget(model, find) !== undefined || ofVendor(withoutAlias(model)) !== undefined
}

/** The rules: which request goes where. */
async function router (app: FastifyInstance): Promise<void> {
  const sizes = new PromptSizes()
  const calibration = new Calibration()
  const lastSize = (conversation: string, estimate: number): number => sizes.last(conversation, estimate)
  const tokensFor = (target: Target, { estimate, promptTokens }: RequestTraits): number => {
    const corrected = calibration.tokensFor(target, estimate)
    return promptTokens > estimate ? Math.max(promptTokens, corrected) : corrected
  }
  const fitting: Fitting = { tokensFor }

  async function askCustom (body: MessagesRequest, url: string, traits: RequestTraits, { custom }: Config, { find }: Router): Promise<Given> {
    if (custom === undefined) return {}
    const answer = await custom.ask(body, url, traits, app.log)
    const unknown = answer.said !== null && find(answer.said) === undefined
    const problem = unknown ? `it returned ${answer.said?.slice(0, SHOWN)}, which is not configured` : answer.problem
    if (problem !== undefined) app.log.warn({ file: custom.file, problem, session: traits.session }, 'the custom router failed; the rules go on without it')
    return { custom: answer }
  }

  app.decorate('router', {
    of: caller => routerOf(caller, app.config.current),
    route (body: MessagesRequest, caller: Caller, url: string): Routed | Promise<Routed> {
      const config = app.config.current
      const chosen = routerOf(caller, config)
      const traits = describe(body, caller, lastSize)
      const routed = (given: Given): Routed => ({ config, traits, route: decide(traits, chosen, { ...given, ...fitting }) })
      // Who names a target, or a rule, is not asked about.
      if (config.custom === undefined || isNamed(body.model, chosen)) return routed({})
      return askCustom(body, url, traits, config, chosen).then(routed)
    },
    async explain (body: MessagesRequest, caller: Caller, url: string): Promise<Routed & { rules: Explanation[] }> {
      const config = app.config.current
      const chosen = routerOf(caller, config)
      const traits = describe(body, caller, lastSize)
      const given = await askCustom(body, url, traits, config, chosen)
      return { config, traits, ...explain(traits, chosen, { ...given, ...fitting }) }
    },
    learn ({ conversation, estimate }: RequestTraits, target: Target, usage: Usage): void {
      const prompt = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
      sizes.learn(conversation, estimate, prompt)
      calibration.learn(target, estimate, prompt)
    },
    outgrown ({ conversation, estimate }: RequestTraits, { message }: ApiError): void {
      sizes.learn(conversation, estimate, Number(TOO_LONG.exec(message)?.[1] ?? 0))
    },
    tokensFor
  })
}

export default fp(router, { name: 'router', fastify: '5.x', dependencies: ['config'] })
