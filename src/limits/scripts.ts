import { createHash } from 'node:crypto'

/** What Redis does in one go. Every script answers with a list of whole numbers. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

function script (lua: string): Script {
  return Object.freeze({ lua, sha: createHash('sha1').update(lua).digest('hex') })
}

/** The time is Redis's own, so that replicas need not agree on theirs. Milliseconds. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** The minute of a key that runs: when it began and what is used. Where none does, one begins now. */
const RUNNING = `
local minute = tonumber(ARGV[1])
local known = redis.call('HMGET', KEYS[1], 'began', 'used')
local began, used = tonumber(known[1]), tonumber(known[2])
if not began or now < began or now - began >= minute then began, used = now, 0 end
`

/**
 * Counts a request. Keys: the counter. Arguments: ms of a minute. Answers: requests of this minute, ms until it is over.
 */
export const COUNT = script(`
local used = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
return { used, left }
`)

/**
 * Lets a request in, or says why not. Keys: tokens, leases. Arguments: ms of a minute, limit of tokens (0 for none), tokens
 * of the prompt, limit of leases (0 for none), ms of a lease, its id. Answers: 0, when the minute began; or 1, tokens that are
 * used, ms until the minute is over; or 2, leases that run.
 */
export const ENTER = script(`${NOW}${RUNNING}
local limit, tokens = tonumber(ARGV[2]), tonumber(ARGV[3])
local places, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
if limit > 0 and used > 0 and used + tokens > limit then return { 1, used, began + minute - now } end
if places > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  local running = redis.call('ZCARD', KEYS[2])
  if running >= places then return { 2, running } end
  redis.call('ZADD', KEYS[2], now + lease, ARGV[6])
  redis.call('PEXPIRE', KEYS[2], lease)
end
if limit > 0 then
  redis.call('HSET', KEYS[1], 'began', began, 'used', used + tokens)
  redis.call('PEXPIRE', KEYS[1], minute)
end
return { 0, began }
`)

/**
 * A request is over. Keys: tokens, leases. Arguments: ms of a minute, when that of its prompt began (0 if it was not counted), tokens
 * to add or take back, id of the lease. What is taken back from a minute that is over is gone; what is added counts now.
 */
export const LEAVE = script(`${NOW}${RUNNING}
redis.call('ZREM', KEYS[2], ARGV[4])
local change = tonumber(ARGV[3])
if change > 0 or (change < 0 and began == tonumber(ARGV[2])) then
  redis.call('HSET', KEYS[1], 'began', began, 'used', math.max(0, used + change))
  redis.call('PEXPIRE', KEYS[1], minute)
end
return { used + change }
`)

/** Renews leases, also those that Redis does not know (any more). Keys: leases. Arguments: ms of a lease, ids. */
export const RENEW = script(`${NOW}
local lease = tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + lease, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], lease)
return { #ARGV - 1 }
`)

/** Whether scripts may run and write here: a Redis that only answers is of no use. Keys: any. */
export const PROBE = script(`
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return { 1 }
`)

export const SCRIPTS: readonly Script[] = [COUNT, ENTER, LEAVE, RENEW]

/** The name of what is counted for a key. The braces keep all of a key's counts in one place, should Redis be a cluster. */
export function countName (key: string, what: 'requests' | 'tokens' | 'streams'): string {
  return `switchyard:{${key}}:${what}`
}
