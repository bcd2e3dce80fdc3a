import Testing

@testable import Store

@Suite struct CheckpointPlanTests {
    @Test("The log is moved beside the writer each 1,000 pages, and by the writer once it is long; a log that began anew is short again")
    func plan() {
        var plan = CheckpointPlan()
        func actions(_ pages: [Int]) -> [CheckpointPlan.Action] { pages.map { plan.action(after: $0) } }
        #expect(actions([1, 999, 1000, 1001, 1999, 2000]) == [.nothing, .nothing, .beside, .nothing, .nothing, .beside])
        #expect(actions([3, 999, 1002]) == [.nothing, .nothing, .beside])
        #expect(actions([16_383, 16_384, 17_382, 17_383]) == [.beside, .nothing, .nothing, .here])
        #expect(actions([2, 1000]) == [.nothing, .beside])
    }
}
