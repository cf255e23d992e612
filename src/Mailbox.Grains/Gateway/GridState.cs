namespace Mailbox.Grains;

/// <summary>Whether the grid takes deliveries, as this process knows.</summary>
sealed class GridState
{
    public bool IsReady { get; set; }
}
