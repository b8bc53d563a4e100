import t from 'tap'
import { kindSuite } from './kind-suite.ts'

kindSuite(t, 'deepseek')
