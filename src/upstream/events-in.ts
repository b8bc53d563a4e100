import { parseJson } from '../wire/json.ts'

const LF = 0x0A
const CR = 0x0D

/** What ends a stream of the chat-completions wire. */
export const DONE = '[DONE]'

/** Behind the blank line that ends the event which begins at `from`. */
export function endOfEvent (events: Buffer, from: number): number {
  for (let feed = events.indexOf(LF, from); feed !== -1; feed = events.indexOf(LF, feed + 1)) {
    if (events[feed + 1] === LF) return feed + 2
    if (events[feed + 1] === CR && events[feed + 2] === LF) return feed + 3
  }
  return events.length
}

/** Whether more lines follow the one in which `at` stands, in an event that ends at `end`. */
export function hasMoreLines (events: Buffer, at: number, end: number): boolean {
  const feed = events.indexOf(LF, at)
  return feed !== -1 && feed < end - 3
}

/**
 * The documents that an event's data holds: one, or one a line, as servers send that forget the blank line between two events.
 * @param event its text
 */
export function documentsIn (event: string): string[] {
  const lines = linesOf(event).filter(isData).map(line => line.slice('data:'.length).trim())
  return lines.length < 2 || parseJson(lines.join(' ')) === undefined ? lines : [lines.join(' ')]
}

/**
 * An event whose data stands in several lines as events of one line each, which every client can read.
 * @returns undefined where there is nothing to do
 */
export function inSingleLines (event: string): string | undefined {
  const lines = linesOf(event)
  if (lines.filter(isData).length < 2) return undefined
  const others = lines.filter(line => !isData(line)).map(line => `${line}\n`).join('')
  return documentsIn(event).map(document => `${others}data: ${document}\n\n`).join('')
}

function linesOf (event: string): string[] {
  return event.split(/\r?\n/).filter(line => line !== '')
}

function isData (line: string): boolean {
  return line.startsWith('data:')
}
