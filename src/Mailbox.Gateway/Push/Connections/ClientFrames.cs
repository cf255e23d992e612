using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>
/// Reads the frames of a WebSocket's client, one after another: the next is read when the last has been handled. Runs beside the
/// connection's owner, and leaves it the answers to write.
/// </summary>
sealed class ClientFrames(WebSocketConnection connection, ClientRequests requests, MailboxName mailbox, string? client)
{
    const int MaxPing = 256;
    const int DrainBuffer = 4096;

    /// <summary>Reads until the client closes or breaks off, or its bytes are not those of a WebSocket. Does not throw.</summary>
    public async Task ReadAsync(Stream stream)
    {
        try
        {
            using var socket = WebSocket.CreateFromStream(
                new OpaqueStream(stream, connection), new() { IsServer = true, SubProtocol = WebSocketHandshake.Subprotocol, KeepAliveInterval = TimeSpan.Zero });
            try
            {
                await ReadAsync(socket).ConfigureAwait(false);
            }
            catch (WebSocketException fault) when (connection.ProtocolError is { } code)
            {
                connection.Refuse(Closing.Of(code == (int)WebSocketCloseStatus.InvalidPayloadData ? Ending.BadFrame : Ending.BadProtocol).Because(fault.Message));
                await DrainAsync(stream).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            connection.Lose(fault);
        }
    }

    async Task ReadAsync(WebSocket socket)
    {
        using var message = new ClientMessage(requests.MaxFrameBytes);
        WebSocketMessageType type;
        while ((type = await message.ReceiveAsync(socket).ConfigureAwait(false)) != WebSocketMessageType.Close)
        {
            // Once the connection is to end, frames are read only to find the client's close.
            if (connection.IsOver) continue;
            if (type == WebSocketMessageType.Binary) Refuse(Ending.BadFrame, "the frame: must be text.");
            else await HandleAsync(message).ConfigureAwait(false);
        }
        connection.SayGoodbye(socket.CloseStatus is { } status and not WebSocketCloseStatus.Empty ? (int)status : (int)WebSocketCloseStatus.NormalClosure);
    }

    async Task HandleAsync(ClientMessage message)
    {
        var text = message.Text;
        try
        {
            if (message.IsTooLarge)
            {
                await RefuseAsync(text, Ending.TooLarge, $"the frame: must have at most {requests.MaxFrameBytes} bytes.").ConfigureAwait(false);
                return;
            }
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
        catch (Storage.StoreException)
        {
            connection.Refuse(Closing.Of(Ending.Unavailable));
        }
    }

    void Refuse(Ending ending, string detail) => connection.Refuse(Closing.Of(ending).Because(detail));

    /// <summary>
    /// Refuses a frame. An uplink whose number can be read is refused alone, because one bad message must not end the reading of the mailbox.
    /// Any other frame ends the connection.
    /// </summary>
    async Task RefuseAsync(ReadOnlyMemory<byte> text, Ending ending, string detail)
    {
        if (client is null || ClientFrame.UplinkNumberOf(text.Span) is not { } number)
        {
            Refuse(ending, detail);
            return;
        }
        var problem = new Problem(ending == Ending.TooLarge ? ProblemKinds.TooLarge : ProblemKinds.BadBody, detail);
        var receipt = await requests.UplinkAsync(mailbox, client, []).ConfigureAwait(false);
        await connection.AnswerAsync((receipt with { Refusal = problem }, number), WriteReceipt).ConfigureAwait(false);
    }

    // A position of another epoch or of the future acknowledges nothing, as at an open. If the store cannot take it, the next one says the same and more.
    Task AcknowledgeAsync(JsonElement value)
    {
        if (JsonData.TextOf(value) is { } text && Position.TryParse(text, out var position)) return requests.AcknowledgeAsync(mailbox, position);
        Refuse(Ending.BadFrame, Problem.BadPosition("ack").Detail);
        return Task.CompletedTask;
    }

    Task PongAsync(ReadOnlySpan<byte> token)
    {
        if (token.Length > MaxPing)
        {
            Refuse(Ending.BadFrame, $"ping: must have at most {MaxPing} bytes.");
            return Task.CompletedTask;
        }
        return connection.AnswerAsync(token, static (writer, token) =>
        {
            var json = Scratch.Take();
            json.Write("{\"pong\":"u8);
            json.Write(token);
            json.Write("}"u8);
            WebSocketTransport.Write(writer, json.WrittenSpan);
        });
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

/// <summary>One message of a WebSocket's client, gathered from its fragments.</summary>
/// <param name="limit">The most bytes that are kept of one.</param>
sealed class ClientMessage(int limit) : IDisposable
{
    RentedBuffer _buffer;

    /// <summary>The whole message or, where it is too large, its beginning. Valid until the next one is received.</summary>
    public ReadOnlyMemory<byte> Text => _buffer.Written[..Math.Min(_buffer.Written.Length, limit)];

    public bool IsTooLarge { get; private set; }

    public async ValueTask<WebSocketMessageType> ReceiveAsync(WebSocket socket)
    {
        Dispose();
        var part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        while (!part.EndOfMessage && part.MessageType != WebSocketMessageType.Close)
        {
            // The rest of one that is too large is read, so that it can be refused alone, and is not kept.
            if (IsTooLarge) _buffer.Truncate(limit);
            part = await socket.ReceiveAsync(_buffer.GetFree(1), CancellationToken.None).ConfigureAwait(false);
            _buffer.Advance(part.Count);
            IsTooLarge |= _buffer.Written.Length > limit;
        }
        return part.MessageType;
    }

    public void Dispose()
    {
        _buffer.Release();
        IsTooLarge = false;
    }
}

/// <summary>A frame of a WebSocket's client: one JSON object with one member (docs/protocol.md, "WebSocket").</summary>
readonly struct ClientFrame(JsonDocument? document, string? fault) : IDisposable
{
    /// <summary>What is wrong with it; null where nothing is.</summary>
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
        var root = json.RootElement;
        return new(json, root.ValueKind != JsonValueKind.Object || root.EnumerateObject().Count() != 1
            ? "the frame: must be a JSON object with one member."
            : JsonRequest.Unknown(root, "", "ack", "uplink", "ping")?.Detail);
    }

    /// <summary>The number of the uplink that a frame carries, which may be broken or cut off: <c>{"uplink":{"n":3,</c> is enough.</summary>
    /// <returns>Null where none can be read.</returns>
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

    public void Dispose() => document?.Dispose();
}
