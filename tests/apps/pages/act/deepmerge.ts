import merge from 'deepmerge'

export default (body: string) => `deepmerge says ${JSON.stringify(merge({ a: 1 }, JSON.parse(body)))}`
