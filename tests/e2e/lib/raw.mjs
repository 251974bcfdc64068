import http from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * A request as it is written, where `fetch` would tidy it up: the path is sent as it stands, no redirect is followed.
 * `write` gets the request to send the body as it likes.
 */
export async function ask(app, { method = 'GET', path, headers, agent, body, write = (request) => request.end(body) }) {
  const request = http.request({ host: '127.0.0.1', port: app.port, method, path, headers, agent })
  const answered = new Promise((resolve, reject) => request.once('response', resolve).once('error', reject))
  write(request)
  const response = await answered
  return { status: response.statusCode, headers: response.headers, text: await text(response), socket: request.socket, request }
}

/** A POST whose client takes its time: `finish()` sends the second half of the body. */
export function askSlowly(app, { path, body, headers, ...rest }) {
  const half = body.length >> 1
  let finish
  const write = (request) => {
    request.write(body.subarray(0, half))
    finish = () => request.end(body.subarray(half))
  }
  const length = { 'content-length': body.length }
  const answer = ask(app, { method: 'POST', path, headers: { ...headers, ...length }, write, ...rest })
  return { answer, finish }
}
