import Card from './card'

export default { title: 'Card', component: Card }

export const Plain = {}
