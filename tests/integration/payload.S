/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot sector that tells on port 0xe9 what keyboard and pointer do:
 *   'R'                    once, when it is ready
 *   'K' byte               a byte of the keyboard controller (set 1 scancodes)
 *   'M' status x y wheel   a packet of the absolute VMware mouse, four little endian words
 *   'P' byte               a byte of the PS/2 mouse, which is used where the other is not there
 * and shows each byte as a letter more on the screen, of a colour of its own.
 * With LIGHTS it lights what lock keys change, as systems do, and says nothing of what the keyboard answers to that.
 * as --32 [--defsym LIGHTS=1], ld -m elf_i386 -Ttext=0x7c00 --oformat=binary
 */
	.set VMPORT, 0x5658
	.set VMPORT_MAGIC, 0x564d5868
	.set VMMOUSE_DATA, 39
	.set VMMOUSE_STATUS, 40
	.set VMMOUSE_COMMAND, 41
	.set VMMOUSE_READ_ID, 0x45414552
	.set VMMOUSE_ABSOLUTE, 0x53424152

	.code16
	.globl _start
_start:
	movb $1, %ah			/* no cursor that blinks */
	movw $0x2000, %cx
	int $0x10
	cli
	cld
	movw $0xb800, %ax		/* of the text screen, the first letter */
	movw %ax, %es
	xorw %di, %di
	xorw %ax, %ax
	xorw %si, %si			/* the PS/2 mouse is in use */
	movw %ax, %ss
	movw $0x7c00, %sp

	movl $VMMOUSE_READ_ID, %ebx
	movl $VMMOUSE_COMMAND, %ecx
	call backdoor
	movl $1, %ebx			/* the version word it answers with */
	movl $VMMOUSE_DATA, %ecx
	call backdoor
	movl $VMMOUSE_ABSOLUTE, %ebx
	movl $VMMOUSE_COMMAND, %ecx
	call backdoor
	xorl %ebx, %ebx
	movl $VMMOUSE_STATUS, %ecx
	call backdoor
	cmpw $0xffff, %ax		/* no such device */
	jne ready
	incw %si
	movb $0xa8, %al			/* the controller's second port */
	outb %al, $0x64
	movb $0xd4, %al			/* to what is there: */
	outb %al, $0x64
	movb $0xf4, %al			/* say what you do */
	outb %al, $0x60
ready:
	movb $'R', %al
	outb %al, $0xe9

keyboard:
	inb $0x64, %al
	testb $0x01, %al		/* output buffer full */
	jz pointer
	movb %al, %ah
	inb $0x60, %al
	testb $0x20, %ah		/* from the PS/2 mouse */
	movb %al, %ah
	movb $'K', %al
	.ifdef LIGHTS
	jz lights
	.else
	jz tell
	.endif
	testw %si, %si
	jz keyboard
	movb $'P', %al
tell:
	outb %al, $0xe9
	movb %ah, %al
	outb %al, $0xe9
	andb $0x7f, %ah			/* no colour that blinks */
	stosw
	andw $0x0fff, %di
	jmp keyboard

	.ifdef LIGHTS
lights:
	cmpb $0xfa, %ah			/* it has understood */
	je keyboard
	movb $0x04, %bl
	cmpb $0x3a, %ah			/* Caps Lock */
	je light
	movb $0x02, %bl
	cmpb $0x45, %ah			/* Num Lock */
	je light
	movb $0x01, %bl
	cmpb $0x46, %ah			/* Scroll Lock */
	jne tell
light:
	xorb %bl, lit
	movb $0xed, %al			/* to the keyboard: light these */
	outb %al, $0x60
	movb lit, %al
	outb %al, $0x60
	movb $'K', %al
	jmp tell
lit:	.byte 0
	.endif

pointer:
	xorl %ebx, %ebx
	movl $VMMOUSE_STATUS, %ecx
	call backdoor
	cmpw $0xffff, %ax		/* no such device */
	je keyboard
	cmpw $4, %ax			/* words that wait */
	jb keyboard
	movl $4, %ebx
	movl $VMMOUSE_DATA, %ecx
	call backdoor
	pushl %edx
	pushl %ecx
	pushl %ebx
	pushl %eax
	movb $'M', %al
	outb %al, $0xe9
	movw $16, %cx
	movw %sp, %bp
byte:
	movb (%bp), %al
	outb %al, $0xe9
	incw %bp
	loop byte
	addw $16, %sp
	jmp keyboard

backdoor:
	movl $VMPORT_MAGIC, %eax
	movl $VMPORT, %edx
	inl %dx, %eax
	ret

	.org 510
	.word 0xaa55
