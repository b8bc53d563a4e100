/** It comes without types (https://github.com/mcollina/pino-roll#api); what src/log/files.ts uses of it. */
declare module 'pino-roll' {
  interface RollOptions {
    /** Path of the files, up to date, number and extension. */
    file: string
    extension: string
    /** A number and its unit, such as `1048576b`. */
    size: string
    frequency: 'daily'
    dateFormat: string
    mkdir: boolean
    sync: boolean
    /** Bytes that are held back while nothing can be written; what goes beyond is dropped. */
    maxLength: number
  }

  /** What it makes is a SonicBoom (https://github.com/pinojs/sonic-boom). */
  export interface RollingStream {
    /** The path of the file that is written to. */
    readonly file: string
    write (line: string): boolean
    end (): void
    destroy (): void
    on (event: 'ready', listener: () => void): this
    on (event: 'error', listener: (error: NodeJS.ErrnoException) => void): this
  }

  export default function build (options: RollOptions): Promise<RollingStream>
}
