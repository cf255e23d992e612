namespace Mailbox.Grains;

/// <summary>How <see cref="OpenRequest"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.open")]
struct OpenRequestWire
{
    [Id(0)]
    public Position? After;

    [Id(1)]
    public byte From;

    [Id(2)]
    public byte Conflict;

    [Id(3)]
    public string? Client;

    [Id(4)]
    public bool Returning;

    [Id(5)]
    public bool AcknowledgesByLiving;

    [Id(6)]
    public bool GapsFirst;

    [Id(7)]
    public int WindowMessages;

    [Id(8)]
    public int WindowBytes;

    [Id(9)]
    public TimeSpan? Idle;

    [Id(10)]
    public bool Resumes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<OpenRequest, OpenRequestWire>
    {
        public OpenRequest ConvertFromSurrogate(in OpenRequestWire wire) => new()
        {
            After = wire.After,
            From = (StartFrom)wire.From,
            Conflict = (ConflictPolicy)wire.Conflict,
            Client = wire.Client,
            Returning = wire.Returning,
            AcknowledgesByLiving = wire.AcknowledgesByLiving,
            GapsFirst = wire.GapsFirst,
            WindowMessages = wire.WindowMessages,
            WindowBytes = wire.WindowBytes,
            Idle = wire.Idle,
            Resumes = wire.Resumes,
        };

        public OpenRequestWire ConvertToSurrogate(in OpenRequest value) => new()
        {
            After = value.After,
            From = (byte)value.From,
            Conflict = (byte)value.Conflict,
            Client = value.Client,
            Returning = value.Returning,
            AcknowledgesByLiving = value.AcknowledgesByLiving,
            GapsFirst = value.GapsFirst,
            WindowMessages = value.WindowMessages,
            WindowBytes = value.WindowBytes,
            Idle = value.Idle,
            Resumes = value.Resumes,
        };
    }
}
