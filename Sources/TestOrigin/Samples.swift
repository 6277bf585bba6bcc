/// The answers that never change.
enum Samples {
  static let index = Array(
    """
    /echo /json /text /png /stream?events=N&interval_ms=M /bytes/N /chunked/N /status/NNN \
    /upload /slow?ms=N

    """.utf8)

  static let text = Array(
    """
    A penstock is the gated, gauged pipe between a reservoir and a turbine.

    """.utf8)

  /// About 1 KB, the size of a usual answer of a web API.
  static let json = Array(
    """
    {
      "id": "inv_2048",
      "object": "invoice",
      "created_at": "2026-01-15T09:30:00Z",
      "currency": "eur",
      "total": 1149.90,
      "paid": true,
      "customer": {
        "id": "cus_512",
        "name": "Wasserkraft Ödenwald",
        "email": "office@example.com",
        "address": {"line1": "Talstraße 7", "city": "Ödenwald", "country": "DE"}
      },
      "lines": [
        {"id": "line_1", "description": "Gate valve DN 300", "quantity": 2, "unit_price": 420.00},
        {"id": "line_2", "description": "Flow meter", "quantity": 1, "unit_price": 189.90},
        {"id": "line_3", "description": "Trash rack bars", "quantity": 24, "unit_price": 5.00}
      ],
      "taxes": [{"name": "VAT", "rate": 0.19, "included": true}],
      "metadata": {"order": "A-77130", "site": "upper lake", "note": "deliver to the gate"},
      "links": {
        "self": "/invoices/inv_2048",
        "customer": "/customers/cus_512",
        "pdf": "/invoices/inv_2048.pdf",
        "payments": "/invoices/inv_2048/payments"
      },
      "large_number": 12345678901234567890,
      "version": 3
    }

    """.utf8)

  /// A checkered image of 16 by 16 pixels, one bit each.
  static let png: [UInt8] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x10, 0x01, 0x03, 0x00, 0x00, 0x00, 0x25, 0x3d, 0x6d,
    0x22, 0x00, 0x00, 0x00, 0x06, 0x50, 0x4c, 0x54, 0x45, 0xff, 0xff, 0xff, 0x1e, 0x5a, 0xa0, 0xd5,
    0xf8, 0x4b, 0x32, 0x00, 0x00, 0x00, 0x13, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xe0, 0xe7,
    0x67, 0x80, 0xa3, 0x0f, 0x1f, 0x10, 0x08, 0x87, 0x38, 0x00, 0x2a, 0x5f, 0x0f, 0xf1, 0x3d, 0xcc,
    0xd7, 0x65, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
  ]

  /// Sixty-two characters, over and over: a piece that is lost, doubled or out of place shows,
  /// since no power of two is a multiple of the period.
  static let pattern: [UInt8] = {
    let period = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    return Array(repeatElement(period, count: 256).joined())
  }()
}
