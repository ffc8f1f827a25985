import Dispatch
import Foundation
import Logging
import Testing

@testable import RembusLake

/// The first attempt to reach the catalog, and whoever waits for it.
@Suite struct LakeAccessTests {
    @Test("whoever waits for the first attempt finds its reason, however long that takes to note")
    func reason() throws {
        let figures = LakeMetricsStore()
        let isHeld = DispatchSemaphore(value: 0)
        let access = LakeAccess(metricsStore: figures, logger: Logger(label: "lake") { _ in SwiftLogNoOpLogHandler() })
        {
            () throws(LakeError) in
            // The attempt has failed and cannot be noted yet: somebody reads the figures.
            Thread.detachNewThread {
                figures.update { _ in
                    isHeld.signal()
                    Thread.sleep(forTimeInterval: 0.2)
                }
            }
            isHeld.wait()
            throw LakeError(.away, "the server is not there")
        }
        try access.open(timeout: .seconds(60))
        #expect(access.reason?.message == "the server is not there")
        #expect(figures.isFailing)
    }

    @Test("an error that no other attempt mends is thrown")
    func final() throws {
        let access = LakeAccess(
            metricsStore: LakeMetricsStore(), logger: Logger(label: "lake") { _ in SwiftLogNoOpLogHandler() }
        ) { () throws(LakeError) in throw LakeError(.invalid, "no such table") }
        #expect(throws: LakeError(.invalid, "no such table")) { try access.open(timeout: .seconds(60)) }
    }
}
