/// The version of this source.
package enum BennuVersion {
    package static let current = "0.1.0"
}
