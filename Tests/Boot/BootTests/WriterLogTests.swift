import Testing

@Suite("The writing guest's log is read")
struct WriterLogTests {
    @Test("lines end as a serial port ends them, and the last may still be on its way")
    func lines() {
        let log = WriterLog(
            "guest up 10.77.0.50 65.0 s\r\nwrite local 1 3 ms gap 203 ms\r\nwrite local 2 4 ms gap 204 ms\r\nmemory 1 wrong 0\r\n\r\nwrite local 3 3 m"
        )
        #expect(log.last == ["local": 2] && log.memory == [0] && log.complaints == [])
        #expect(log.writes(to: "local", after: 1).map(\.gap) == [204])
    }

    @Test("errors, kernel messages and looks out of order are complaints")
    func complaints() {
        let log = WriterLog("error local 18 write: Input/output error\r\nmemory 2 wrong 0\r\n[    1.0] Oops\r\n")
        #expect(log.complaints.count == 3 && log.memory == [])
    }
}
