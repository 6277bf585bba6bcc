import Glibc
import Testing

@testable import PenstockCLI

@Suite(.serialized) struct EnvironmentSecretsTests {
  @Test func `what was asked for is overwritten, and still known`() {
    setenv("PENSTOCK_TEST_SECRET", "s3cr3t", 1)
    setenv("PENSTOCK_TEST_OTHER", "kept", 1)
    let original = getenv("PENSTOCK_TEST_SECRET")
    let environment = EnvironmentSecrets()
    #expect(environment.value("PENSTOCK_TEST_SECRET") == "s3cr3t")
    environment.scrub()
    #expect(original?.pointee == 0)
    #expect(getenv("PENSTOCK_TEST_SECRET") == nil)
    #expect(getenv("PENSTOCK_TEST_OTHER").map { String(cString: $0) } == "kept")
    #expect(environment.value("PENSTOCK_TEST_SECRET") == "s3cr3t")
    unsetenv("PENSTOCK_TEST_OTHER")
  }
}
