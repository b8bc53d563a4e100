import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** /proc counts in ticks of 1/100 s, on every Linux that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000
/** How long a program may take to end when it is asked to. */
const PATIENCE = 3000

const running = new Set()

/**
 * Starts a Node program. It gets no environment but what is given here, so that no variable of the caller's shell
 * (a proxy, a log level) changes what is measured.
 * @param {string} file
 * @param {{ cpu?: string, env?: Record<string, string>, cwd?: string, ipc?: boolean }} options `cpu`: pinned to it
 */
export function startNode (file, { cpu, env = {}, cwd, ipc = false } = {}) {
  const [program, ...rest] = [...(cpu === undefined ? [] : ['taskset', '-c', cpu]), process.execPath, file]
  const child = spawn(program, rest, {
    cwd,
    // A group of its own: Ctrl-C goes to the bench, which stops its programs in order.
    detached: true,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', ...(ipc ? ['ipc'] : [])]
  })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
}

/** Ends a program, by its pid and no other way. */
export async function stop (child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  await exit
  clearTimeout(kill)
}

/** Ends all that was started here. */
export async function stopAll () {
  await Promise.all([...running].map(stop))
}

/**
 * One CPU for the gateway under test, others for the two programs around it, where there are so many. With two CPUs
 * those two share one, and the tables mark where that one was the limit. Null where nothing can be pinned.
 * @returns {{ gateway: string, upstream: string, load: string } | null}
 */
export function choosePins () {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
  } catch {
    return null
  }
  const [gateway, upstream, load = upstream] = allowedCpus()
  return upstream === undefined ? null : { gateway, upstream, load }
}

/** Moves this process out of the gateway's way: it polls while a gateway starts. */
export function pinSelf (cpu) {
  execFileSync('taskset', ['-a', '-c', '-p', cpu, String(process.pid)], { stdio: 'ignore' })
}

/** What a container allows need not begin at 0, nor be all that there are. */
function allowedCpus () {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return list.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i))
  })
}

/** CPU time of a process so far, user and system, all its threads (the garbage collector's too). Microseconds. */
export function cpuOf (pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name, in brackets, may hold spaces
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK
}

/** CPU time of the whole machine so far, including what the host took from it. Microseconds. */
export function cpuOfMachine () {
  const [user, nice, system, , , irq, softIrq, steal] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softIrq + steal) * MICROSECONDS_PER_TICK
}

/** Memory of a process that is in RAM, in MiB. */
export function rssOf (pid) {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kilobytes) / 1024
}
