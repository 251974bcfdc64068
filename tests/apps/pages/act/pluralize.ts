import pluralize from 'pluralize'

export default (body: string) => `pluralize says ${pluralize(body)}`
