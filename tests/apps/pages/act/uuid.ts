import { v5 } from 'uuid'

export default (body: string) => `uuid says ${v5(body, v5.URL)}`
