// Work to be estimated, from JSON.
import SVFT
import SVFTTensor
import Testing

@Suite struct WorkloadTests {
  @Test func everyKeyIsTaken() throws {
    var work = try Workload(json: #"{"prompt":7,"max_tokens":9,"batch":3}"#)
    #expect((work.promptTokens, work.maxTokens, work.batch) == (7, 9, 3))
    #expect(work.adapter == nil)
    work = try Workload(
      json:
        #"{"adapter":{"method":"lora"},"training":{"batch_size":2,"val_split":0.1},"classes":5}"#
    )
    #expect(work.adapter == #"{"method":"lora"}"#)
    #expect(work.training.batchSize == 2 && work.classes == 5 && work.evaluates)
    #expect(try Workload(json: #"{"adapter":{},"validation":true}"#).evaluates)
    #expect(try Workload(json: "{}") == Workload())
  }

  @Test(arguments: [
    "", "[]", #"{"promt":1}"#, #"{"prompt":"x"}"#, #"{"training":{}}"#,
    #"{"adapter":{},"training":{"batch_size":0}}"#, #"{"adapter":1}"#,
  ]) func otherThingsAreRefused(_ text: String) {
    let failure = #expect(throws: SVFTError.self) { try Workload(json: text) }
    #expect(failure?.kind == .invalidArgument)
  }
}
