/**
 * What a handler may throw, or hand to `next`, by name: nothing of it is impossible, and each has ended somebody's server. They are
 * made anew for each request.
 */
export const hostileErrors = {
  'its own cause': () => {
    const error = new Error('it is its own cause')
    error.cause = error
    return error
  },
  'causes in a circle': () => {
    const [first, second] = [new Error('first'), new Error('second')]
    first.cause = second
    second.cause = first
    return first
  },
  // As axios makes them: request and response hold each other, and the error.
  'an error with its request': () => {
    const error = new Error('Request failed with status code 500')
    const request = { path: '/api', error }
    const response = { status: 500, request }
    Object.assign(request, { res: response })
    return Object.assign(error, { name: 'AxiosError', code: 'ERR_BAD_RESPONSE', config: {}, request, response, cause: response })
  },
  'ten thousand causes': () => {
    let error = new Error('the first cause')
    for (let depth = 0; depth < 10_000; depth++) error = new Error(`cause ${depth}`, { cause: error })
    return error
  },
  '124 causes': () => {
    let error = new Error('the first cause')
    for (let depth = 0; depth < 124; depth++) error = new Error(`cause ${depth}`, { cause: error })
    return error
  },
  'getters that throw': () => {
    const error = new Error('readable')
    for (const name of ['message', 'code', 'cause']) {
      Object.defineProperty(error, name, {
        get() {
          throw new Error(`nobody reads ${name}`)
        },
      })
    }
    return error
  },
  'a cause that begets causes': () => {
    const begetting = () => ({
      message: 'one more',
      get cause() {
        return begetting()
      },
    })
    return Object.assign(new Error('endless'), { cause: begetting() })
  },
  'a message without a prototype': () => Object.assign(new Error(), { message: Object.create(null) }),
  'a message that cannot be told': () =>
    Object.assign(new Error(), {
      message: {
        toString() {
          throw new Error('no')
        },
      },
    }),
  'an object without a prototype': () => Object.create(null),
  'a proxy of nothing': () => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {})
    revoke()
    return proxy
  },
  'a proxy that refuses': () =>
    new Proxy(new Error('closed'), {
      get(target, name) {
        // Whoever prints it, Vite or the runtime, asks for these.
        if (['stack', 'name', 'status', 'statusCode'].includes(name) || typeof name === 'symbol') return Reflect.get(target, name)
        throw new Error(`no ${name}`)
      },
    }),
  'a symbol for a message': () => Object.assign(new Error(), { message: Symbol('sealed') }),
  'a symbol': () => Symbol('thrown'),
  'a bigint': () => 2n ** 64n,
  'a bigint for a code': () => Object.assign(new Error('numbered'), { code: 5n }),
  'a function': () => () => 'thrown',
  'text alone': () => 'thrown',
  'three megabytes of text': () => new Error('long '.repeat(600_000)),
  'half a character': () => Object.assign(new Error('half \ud83d a character'), { code: '\udc00', name: 'Half\ud800' }),
}
