using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>Reads what a WebSocket's client says, one frame after another: the next is read when the last has been dealt with.</summary>
sealed class ClientFrames(WebSocketConnection connection, ClientRequests requests, MailboxName mailbox, string? client)
{
    const int MaxPing = 256;
    const int DrainBuffer = 4096;

    /// <summary>Reads until there is nothing more to read: the client closes, or breaks off, or what it says is no WebSocket's.</summary>
    public async Task ReadAsync(Stream stream)
    {
        try
        {
            await ReadFramesAsync(stream).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            connection.Lose(fault);
        }
    }

    async Task ReadFramesAsync(Stream stream)
    {
        using var socket = WebSocket.CreateFromStream(
            new OpaqueStream(stream, connection), new() { IsServer = true, SubProtocol = WebSocketHandshake.Subprotocol, KeepAliveInterval = TimeSpan.Zero });
        try
        {
            await ReadAsync(socket).ConfigureAwait(false);
        }
        catch (WebSocketException fault) when (connection.Fault is { } code)
        {
            connection.Refuse(Closing.Of(code == (int)WebSocketCloseStatus.InvalidPayloadData ? Ending.BadFrame : Ending.BadProtocol).Because(fault.Message));
            await DrainAsync(stream).ConfigureAwait(false);
        }
    }

    async Task ReadAsync(WebSocket socket)
    {
        using var message = new ClientMessage(requests.MaxFrameBytes);
        WebSocketMessageType type;
        while ((type = await message.ReceiveAsync(socket).ConfigureAwait(false)) != WebSocketMessageType.Close)
        {
            // Who was told to go is only read so that its goodbye is seen.
            if (connection.IsOver) continue;
            if (type == WebSocketMessageType.Binary) Refuse(Ending.BadFrame, "the frame: must be text.");
            else await TryObeyAsync(message).ConfigureAwait(false);
        }
        connection.SayGoodbye(socket.CloseStatus is { } status and not WebSocketCloseStatus.Empty ? (int)status : (int)WebSocketCloseStatus.NormalClosure);
    }

    void Refuse(Ending ending, string detail) => connection.Refuse(Closing.Of(ending).Because(detail));

    async Task TryObeyAsync(ClientMessage message)
    {
        try
        {
            if (message.IsTooLarge) await RefuseAsync(message.Text, Ending.TooLarge, $"the frame: must have at most {requests.MaxFrameBytes} bytes.").ConfigureAwait(false);
            else await ObeyAsync(message.Text).ConfigureAwait(false);
        }
        catch (Storage.StoreException)
        {
            connection.Refuse(Closing.Of(Ending.Unavailable));
        }
    }

    async Task ObeyAsync(ReadOnlyMemory<byte> text)
    {
        using var frame = ClientFrame.Read(text);
        if (frame.Fault is { } fault)
        {
            await RefuseAsync(text, Ending.BadFrame, fault).ConfigureAwait(false);
            return;
        }
        var value = frame.Member.Value;
        await (frame.Member.Name switch
        {
            "ack" => AcknowledgeAsync(value),
            "ping" => PongAsync(JsonMarshal.GetRawUtf8Value(value)),
            _ => UplinkAsync(value, text),
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// Refuses a frame. Where it is a message to the backend and its number can be read that one alone is refused: one bad message must not
    /// end the reading of the mailbox. Anything else ends the connection.
    /// </summary>
    Task RefuseAsync(ReadOnlyMemory<byte> text, Ending ending, string detail)
    {
        if (client is not null && ClientFrame.UplinkNumberOf(text.Span) is { } number)
            return RefuseUplinkAsync(number, new(ending == Ending.TooLarge ? ProblemKinds.TooLarge : ProblemKinds.BadBody, detail));
        Refuse(ending, detail);
        return Task.CompletedTask;
    }

    async Task RefuseUplinkAsync(long number, Problem problem)
    {
        var receipt = await requests.UplinkAsync(mailbox, client!, []).ConfigureAwait(false);
        await connection.AnswerAsync((receipt with { Refusal = problem }, number), WriteReceipt).ConfigureAwait(false);
    }

    Task AcknowledgeAsync(JsonElement value)
    {
        if (JsonData.TextOf(value) is { } text && Position.TryParse(text, out var position)) return requests.AcknowledgeAsync(mailbox, position);
        Refuse(Ending.BadFrame, Problem.BadPosition("ack").Detail);
        return Task.CompletedTask;
    }

    Task PongAsync(ReadOnlySpan<byte> token)
    {
        if (token.Length <= MaxPing) return connection.AnswerAsync(token, WritePong);
        Refuse(Ending.BadFrame, $"ping: must have at most {MaxPing} bytes.");
        return Task.CompletedTask;
    }

    static void WritePong(IBufferWriter<byte> writer, ReadOnlySpan<byte> token)
    {
        var json = Scratch.Take();
        json.Write("{\"pong\":"u8);
        json.Write(token);
        json.Write("}"u8);
        WebSocketTransport.Write(writer, json.WrittenSpan);
    }

    async Task UplinkAsync(JsonElement value, ReadOnlyMemory<byte> text)
    {
        var (draft, problem) = client is null ? (null, JsonRequest.Bad("uplink", "needs an open with client=ID")) : UplinkJson.Read(value, "uplink");
        if (draft is null)
        {
            await RefuseAsync(text, Ending.BadFrame, problem!.Detail).ConfigureAwait(false);
            return;
        }
        var receipt = await requests.UplinkAsync(mailbox, client!, [draft]).ConfigureAwait(false);
        await connection.AnswerAsync((receipt, draft.Number!.Value), WriteReceipt).ConfigureAwait(false);
    }

    static void WriteReceipt(IBufferWriter<byte> writer, (UplinkReceipt Receipt, long Number) answer)
    {
        var json = Scratch.Take();
        if (answer.Receipt.Refusal is null) UplinkReceipt.Write(json, answer.Receipt.Highest);
        else UplinkReceipt.WriteRefused(json, answer.Receipt, answer.Number);
        WebSocketTransport.Write(writer, json.WrittenSpan);
    }

    // A socket that is closed with bytes unread sends a reset, which may overtake the goodbye.
    static async Task DrainAsync(Stream stream)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DrainBuffer);
        while (await stream.ReadAsync(buffer).ConfigureAwait(false) > 0) { }
        ArrayPool<byte>.Shared.Return(buffer);
    }
}

/// <summary>One message of a WebSocket's client, gathered from its fragments. Memory is rented from its first byte on until it has been dealt with.</summary>
sealed class ClientMessage(int limit) : IDisposable
{
    const int FirstRent = 1024;

    byte[] _buffer = [];
    int _length;

    /// <summary>The whole of it or, where it is too large, its beginning.</summary>
    public ReadOnlyMemory<byte> Text => _buffer.AsMemory(0, Math.Min(_length, limit));

    public bool IsTooLarge { get; private set; }

    public async ValueTask<WebSocketMessageType> ReceiveAsync(WebSocket socket)
    {
        Dispose();
        var part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        while (!part.EndOfMessage && part.MessageType != WebSocketMessageType.Close)
        {
            IsTooLarge |= _length > limit;
            // The rest of one that is too large is read, so that it can be refused alone, and is kept nowhere.
            var start = IsTooLarge ? limit : _length;
            if (start == _buffer.Length) Grow();
            part = await socket.ReceiveAsync(_buffer.AsMemory(start), CancellationToken.None).ConfigureAwait(false);
            _length = start + part.Count;
        }
        IsTooLarge |= _length > limit;
        return part.MessageType;
    }

    void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, _length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length, IsTooLarge) = ([], 0, false);
    }
}

/// <summary>What a WebSocket's client says at once: one JSON object with one member (docs/protocol.md, "WebSocket"). To be disposed of.</summary>
readonly struct ClientFrame(JsonDocument? document, string? fault) : IDisposable
{
    /// <summary>
    /// What is wrong with it; null where nothing is. It ends the connection, unless <see cref="UplinkNumberOf"/> tells which message it is about.
    /// </summary>
    public string? Fault { get; } = fault;

    public JsonProperty Member => document!.RootElement.EnumerateObject().First();

    public static ClientFrame Read(ReadOnlyMemory<byte> text)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(text, JsonBody.Carrier);
        }
        catch (JsonException)
        {
            return new(null, "the frame: is not JSON of at most 1,000 levels.");
        }
        return new(json, FaultOf(json.RootElement));
    }

    /// <summary>
    /// The number of the message to the backend that a frame carries, as far as its text is JSON and is there: <c>{"uplink":{"n":3,</c> is enough.
    /// </summary>
    public static long? UplinkNumberOf(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, isFinalBlock: false, new(new() { MaxDepth = int.MaxValue }));
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject || !json.Read() || !json.ValueTextEquals("uplink"u8)) return null;
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isNumber = json.ValueTextEquals("n"u8);
                if (!json.Read()) return null;
                if (isNumber) return json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number > 0 ? number : null;
                if (!json.TrySkip()) return null;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // What comes before the number is not JSON, or a name is not Unicode.
        }
        return null;
    }

    static string? FaultOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 1) return "the frame: must be a JSON object with one member.";
        return JsonRequest.Unknown(root, "", "ack", "uplink", "ping")?.Detail;
    }

    public void Dispose() => document?.Dispose();
}
