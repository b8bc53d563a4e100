/**
 * Asks a child and waits for its answer. One question at a time: the bench does nothing in parallel but load.
 * @param {import('node:child_process').ChildProcess} child one that calls {@link serve}
 * @returns {Promise<any>}
 */
export function ask (child, question) {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a program of the bench ended early'))
    child.once('exit', ended)
    child.once('message', ({ error, answer }) => {
      child.off('exit', ended)
      if (error === undefined) resolve(answer)
      else reject(new Error(error))
    })
    child.send(question)
  })
}

/** In a child: answers each question, and ends with the parent however the parent ends. */
export function serve (answerTo) {
  process.on('message', async question => {
    try {
      process.send({ answer: await answerTo(question) })
    } catch (error) {
      process.send({ error: error.stack })
    }
  })
  process.on('disconnect', () => process.exit())
}
