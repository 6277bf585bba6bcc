/// Told at the end of each turn, after the settle.
public protocol TurnEndHandler: AnyObject {
  func onTurnEnd()
}
