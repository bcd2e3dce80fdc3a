# A guest that fits into a boot sector: it prints "tick N" to its first serial port once a second, for ever.
# It proves that a guest was started and goes on, in seconds even where everything is emulated.
#
#   as --32 -o ticker.o ticker.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o ticker.img ticker.o && base64 -w 0 ticker.img
.code16
.globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7c00, %sp
    xor %ebx, %ebx          # the count
    sti
next:
    mov $text, %si
    call print
    mov %ebx, %eax
    call number
    mov $line, %si
    call print
    inc %ebx
    mov $18, %ecx
wait:                       # BIOS clock: 18.2 a second, from nothing again at midnight
    mov 0x46c, %eax
1:  hlt
    cmp %eax, 0x46c
    je 1b
    loop wait
    jmp next

number:                     # prints %eax in decimal
    xor %edx, %edx
    mov $10, %edi
    div %edi
    push %dx
    test %eax, %eax
    jz 1f
    call number
1:  pop %ax
    add $'0', %al
    # falls through
put:                        # prints %al on the first serial port
    push %dx
    push %ax
    mov $0x3fd, %dx
2:  in %dx, %al
    test $0x20, %al
    jz 2b
    pop %ax
    mov $0x3f8, %dx
    out %al, %dx
    pop %dx
    ret

print:                      # prints the text at %si
    lodsb
    test %al, %al
    jz 3f
    call put
    jmp print
3:  ret

text: .asciz "tick "
line: .asciz "\r\n"
.org 510
.word 0xaa55
