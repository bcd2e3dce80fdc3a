/// One line of progress: what is done now, how far the whole is.
package struct ImageBuildProgress: Sendable {
    package enum Step: String, Sendable, CaseIterable {
        case prepare, resolve, download, kernel, firmware, bootstrap, root, initrd, layout, done
    }

    package let step: Step
    package let detail: String

    package init(step: Step, detail: String) {
        self.step = step
        self.detail = detail
    }

    /// Rough share of the work that is behind us, 0 to 1, as a cold build spends its time.
    package var fraction: Double {
        switch step {
        case .prepare: 0
        case .resolve: 0.02
        case .download: 0.05
        case .kernel: 0.15
        case .firmware: 0.25
        case .bootstrap: 0.3
        case .root: 0.6
        case .initrd: 0.85
        case .layout: 0.95
        case .done: 1
        }
    }
}
