import { ask } from './ask.mjs'

export default {
  async fetch(request) {
    return Response.json(await ask(await request.text()))
  },
}
