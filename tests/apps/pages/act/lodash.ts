import { kebabCase } from 'lodash-es'

export default (body: string) => `lodash says ${kebabCase(body)}`
