import { answer } from './answer'

export default { fetch: answer }
