import t from 'tap'
import { kindSuite } from './kind-suite.ts'

await kindSuite(t, 'gemini')
