import { createFileRoute } from '@tanstack/react-router'
import Beside from '../beside'

export const Route = createFileRoute('/beside')({ component: Beside })
