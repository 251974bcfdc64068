import { ask } from './ask.mjs'

window.ask = ask
