/**
 * Google Gemini's own wire (https://ai.google.dev/api/generate-content). Requests are typed strictly, since we write them.
 * Replies are typed as what may be there: any field can be missing or of another form, so each is unknown until it is read.
 */
import type { JsonObject } from './json.ts'

export interface GeminiBlob { mimeType: string, data: string }

export interface GeminiFunctionResponse {
  id: string
  name: string
  response: { output: string } | { error: string }
  parts?: { inlineData: GeminiBlob }[]
}

/** What a signature belongs to, stands beside it in the same part. */
export type GeminiPart = { thoughtSignature?: string } & (
  | { text: string, thought?: boolean }
  | { inlineData: GeminiBlob }
  | { functionCall: { id: string, name: string, args: JsonObject } }
  | { functionResponse: GeminiFunctionResponse }
  /** Parts of the server's own tools, which go back as they came. */
  | { toolCall: JsonObject }
  | { toolResponse: JsonObject }
)

export interface GeminiContent { role: 'user' | 'model', parts: GeminiPart[] }

export interface GeminiFunction {
  name: string
  description?: string
  parametersJsonSchema?: JsonObject
}

export type GeminiTool = { functionDeclarations: GeminiFunction[] } | { googleSearch: object }

export interface GeminiToolConfig {
  functionCallingConfig?: { mode: 'AUTO' | 'ANY' | 'NONE', allowedFunctionNames?: string[] }
  includeServerSideToolInvocations?: boolean
}

export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

/** Budget and level exclude one another. */
export type GeminiThinking = { includeThoughts?: boolean } & ({ thinkingBudget?: number } | { thinkingLevel?: ThinkingLevel })

export interface GeminiGeneration {
  maxOutputTokens: number
  temperature?: number
  topP?: number
  topK?: number
  stopSequences?: string[]
  responseMimeType?: string
  responseJsonSchema?: JsonObject
  thinkingConfig?: GeminiThinking
}

export interface GeminiRequest {
  contents: GeminiContent[]
  systemInstruction?: { parts: { text: string }[] }
  tools?: GeminiTool[]
  toolConfig?: GeminiToolConfig
  generationConfig: GeminiGeneration
  safetySettings?: unknown
  serviceTier?: string
}

/** A streamed chunk, or a whole reply. */
export interface GeminiChunk {
  candidates?: unknown
  promptFeedback?: unknown
  modelVersion?: unknown
  usageMetadata?: unknown
  error?: unknown
}

export interface GeminiCandidate {
  content?: unknown
  finishReason?: unknown
  finishMessage?: unknown
  groundingMetadata?: unknown
}

/** A part of a reply; which of its fields are there says what it is. */
export interface GeminiReplyPart {
  text?: unknown
  thought?: unknown
  thoughtSignature?: unknown
  functionCall?: unknown
  inlineData?: unknown
  executableCode?: unknown
  codeExecutionResult?: unknown
  toolCall?: unknown
  toolResponse?: unknown
}
