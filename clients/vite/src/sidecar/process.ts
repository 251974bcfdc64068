import type { ChildProcess } from 'node:child_process'
import { findBinary } from '../binary.js'
import { startChild } from '../child.js'
import { RpcConnection } from '../rpc.js'

export interface SidecarProcess {
  child: ChildProcess
  connection: RpcConnection
  /** Resolves with how it has ended, or what it has said that is no message. */
  over: Promise<string>
}

/** Starts the sidecar's program. Rejects where it cannot even be started; `onChild` has it before that is known. */
export async function startProcess(
  onNotification: (method: string, params: unknown) => void,
  onChild: (child: ChildProcess) => void,
): Promise<SidecarProcess> {
  const child = startChild(findBinary(), ['serve'])
  onChild(child)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`the sidecar could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(`the sidecar ended (${signal ?? `code ${code}`})`))
  })
  // Without the means for one more process there are no pipes either.
  if (!child.stdout || !child.stdin) throw new Error(await ended)
  let broken: (how: string) => void = () => {}
  const over = Promise.race([
    ended,
    new Promise<string>((resolve) => (broken = (how) => resolve(`the sidecar ${how}`))),
  ])
  const connection = new RpcConnection(child.stdout, child.stdin, onNotification, broken)
  return { child, connection, over }
}
