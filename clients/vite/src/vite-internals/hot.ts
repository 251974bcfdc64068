import type { DevEnvironment, HotPayload } from 'vite'
import { intercept } from './intercept.js'

type Message = [HotPayload] | [string, unknown?]

/**
 * Everything that an environment sends to its runner or its pages. Returns `send` as it was, for what nobody is to hear of. Read in
 * Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `normalizeHotChannel`.
 */
export function interceptSend(
  { hot }: DevEnvironment,
  inFront: (message: Message[0], sendNow: () => void) => void,
): (payload: HotPayload) => void {
  return intercept(hot, 'send', (send, args) => {
    const sendNow = () => (send as (...args: unknown[]) => void)(...(args as unknown[]))
    return inFront((args as Message)[0], sendNow)
  }) as (payload: HotPayload) => void
}
