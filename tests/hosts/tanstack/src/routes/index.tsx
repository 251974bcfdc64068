import { createFileRoute } from '@tanstack/react-router'
import Draft from '../draft'

export const Route = createFileRoute('/')({ component: Draft })
