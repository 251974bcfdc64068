import { render, route } from 'rwsdk/router'
import { defineApp } from 'rwsdk/worker'
import { countsRoute } from './app/counts'
import { Document } from './app/Document'
import { Home } from './app/Home'

export default defineApp([route('/__counts', countsRoute), render(Document, [route('/', Home)])])
