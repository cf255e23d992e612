using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>What a client is told when its connection ends, and what it does next (docs/protocol.md, "Endings").</summary>
/// <param name="AfterSeconds">How long to wait before reconnecting.</param>
sealed record Closing(string Reason, bool Reconnect, int AfterSeconds)
{
    const int SoonSeconds = 1;
    const int LaterSeconds = 5;

    public static Closing Of(Ending ending) => ending switch
    {
        Ending.Draining => s_draining,
        Ending.TakenOver => s_takenOver,
        Ending.Replaced => s_replaced,
        Ending.Deleted => s_deleted,
        Ending.Moved => s_moved,
        Ending.Slow => s_slow,
        _ => s_unavailable,
    };

    static readonly Closing s_draining = new("draining", true, SoonSeconds);
    static readonly Closing s_takenOver = new("taken-over", false, 0);
    static readonly Closing s_replaced = new("replaced", false, 0);
    static readonly Closing s_deleted = new("deleted", false, 0);
    static readonly Closing s_moved = new("moved", true, 0);
    static readonly Closing s_slow = new("slow", true, SoonSeconds);
    static readonly Closing s_unavailable = new("unavailable", true, LaterSeconds);

    /// <summary>The JSON object that every transport carries.</summary>
    public byte[] Json { get; } = Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"reason":"{{Reason}}","reconnect":{{(Reconnect ? "true" : "false")}},"after":{{AfterSeconds}}}"""));

    public void WriteTo(IBufferWriter<byte> writer) => writer.Write(Json);
}
